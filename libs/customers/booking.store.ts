import mongoose from 'mongoose';
import { findByKeys } from '#platform/find-by-keys';
import { writeVersioned, type VersionedChange } from '#platform/versioned';
import { bookingKey, type Booking, type BookingStatus } from './booking.types.js';

const schema = new mongoose.Schema(
  {
    _id: String,
    tenant: String,
    booking: String,
    customer: String,
    cart: String,
    rev: String,
    status: String,
  },
  { collection: 'bookings', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, cart: 1 });
schema.index({ tenant: 1, customer: 1 });
schema.index({ tenant: 1, createdAt: 1, _id: 1 });

/** A booking as far as one asks when it was made. */
export type BookedSince = Pick<Booking, '_id' | 'customer' | 'createdAt' | 'gen'>;

/** What somebody did book and did not call off. */
const MADE: readonly BookingStatus[] = ['confirmed', 'completed', 'no-show'];

/** How often bookings that others write are read again. */
const TRIES = 20;

export type BookingChange = VersionedChange<Booking>;

/** The bookings, written by compare-and-set on `rev`. */
export class BookingStore {
  private readonly bookings;

  constructor(connection: mongoose.Connection) {
    this.bookings = connection.model<Booking>('Booking', schema as unknown as mongoose.Schema<Booking>);
  }

  async createIndexes(): Promise<void> {
    await this.bookings.createIndexes();
  }

  /** By booking id; what is not there is not in the map. */
  async findMany(tenant: string, bookings: readonly string[]): Promise<Map<string, Booking>> {
    if (bookings.length === 0) return new Map();
    const keys = bookings.map((id) => bookingKey(tenant, id));
    const found = await findByKeys<Booking>(this.bookings.collection, tenant, keys);
    return new Map(found.map((booking) => [booking.booking, booking]));
  }

  /** Those of these carts that led to more than a start: nobody is reminded of them. */
  async findDoneCarts(tenant: string, carts: readonly string[]): Promise<Set<string>> {
    if (carts.length === 0) return new Set();
    const found = await this.bookings
      .find({ tenant, cart: { $in: [...new Set(carts)] }, status: { $ne: 'started' } }, { cart: 1 })
      .lean<Pick<Booking, 'cart'>[]>();
    return new Set(found.flatMap((booking) => (booking.cart === null ? [] : [booking.cart])));
  }

  async findOfCustomer(tenant: string, customer: string): Promise<Booking[]> {
    return this.bookings.find({ tenant, customer }).sort({ startsAt: -1 }).lean<Booking[]>();
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<Booking[]> {
    if (customers.length === 0) return [];
    return this.bookings
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ startsAt: -1 })
      .lean<Booking[]>();
  }

  /** One page of the bookings that were first heard of from `from` to before `to` and stand, in that order. */
  async pageMade(
    tenant: string,
    { from, to }: { from: Date; to: Date },
    after: BookedSince | null,
    limit: number,
  ): Promise<BookedSince[]> {
    const behind =
      after === null
        ? {}
        : {
            $or: [
              { createdAt: { $gt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $gt: after._id } },
            ],
          };
    return this.bookings
      .find(
        {
          ...{ tenant, status: { $in: [...MADE] } },
          ...{ createdAt: { $gte: after?.createdAt ?? from, $lt: to }, ...behind },
        },
        { customer: 1, createdAt: 1, gen: 1 },
      )
      .sort({ createdAt: 1, _id: 1 })
      .limit(limit)
      .lean<BookedSince[]>();
  }

  /** Writes what still is as it was read; the bookings that won, as they now stand. */
  async write(changes: readonly BookingChange[]): Promise<Map<string, Booking>> {
    const won = await writeVersioned(this.bookings.collection, changes);
    return new Map(won.map((booking) => [booking.booking, booking]));
  }

  /** Gives the bookings of one who was merged to who goes on for them, each by compare-and-set; nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const left = await this.findOfCustomer(tenant, from);
      if (left.length === 0) return;
      await this.write(left.map((before) => ({ before, after: { ...before, customer: into } })));
    }
    throw new Error(`the bookings were written by others ${TRIES} times in a row`);
  }

  /** Deletes a person's bookings that were heard or told of by then (erasure); how many there were. */
  async deleteOfCustomer(
    tenant: string,
    customer: string,
    by: { heardBy: Date; saidBy: Date },
  ): Promise<number> {
    const { deletedCount } = await this.bookings.collection.deleteMany({
      tenant,
      customer,
      $or: [{ updatedAt: { $lte: by.heardBy } }, { 'gen.time': { $lte: by.saidBy } }],
    });
    return deletedCount;
  }
}
