import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSink } from '#messaging/kafka-sink';
import { serve } from './child.js';
import { bookingEvents } from './events.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A booking system in a process of its own: what it takes is none of the house's. */
let told: { sink: KafkaSink; topic: string } | undefined;

serve(
  {
    open: ({ brokers, topic }: { brokers: string; topic: string }): void => {
      told = { sink: new KafkaSink(kafkaClient(brokers.split(','), 'lagom-bench-teller', SILENT)), topic };
    },
    tell: async (events: { from: number; count: number }): Promise<void> => {
      if (told === undefined) throw new Error('open first');
      await told.sink.produce(told.topic, bookingEvents(events));
    },
  },
  () => told?.sink.close(),
);
