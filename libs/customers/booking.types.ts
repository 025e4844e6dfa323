import type { Generation } from '#events/generation';

export const BOOKING_STATUSES = ['started', 'confirmed', 'cancelled', 'completed', 'no-show'] as const;
export type BookingStatus = (typeof BOOKING_STATUSES)[number];

/** A booking as the booking system last told it. */
export interface Booking {
  _id: string;
  tenant: string;
  booking: string;
  customer: string;
  rev: string;
  gen: Generation;
  status: BookingStatus;
  service: string | null;
  startsAt: Date | null;
  endsAt: Date | null;
  timeZone: string | null;
  location: string | null;
  practitioner: string | null;
  price: { amount: number; currency: string } | null;
  url: string | null;
  cart: string | null;
  previousStartsAt: Date | null;
  cancelReason: string | null;
  /** Rises with each change that a calendar must hear of (RFC 5545, SEQUENCE). */
  sequence: number;
  createdAt: Date;
  updatedAt: Date;
}

/** `_id` of a booking: both parts percent-encoded. */
export function bookingKey(tenant: string, booking: string): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(booking)}`;
}
