import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classPath } from './jars.js';
import { KafkaServer } from './kafka.js';
import { startMongoJava } from './mongo-java.js';

/** Servers that tests may use, and what the environment must say for it. */
export interface Servers {
  env: { KAFKA_BROKERS: string; MONGODB_URI: string; LAGOM_STORE_GAPS?: string };
  /** null: it was named in the environment, and is somebody else's. */
  kafka: KafkaServer | null;
  /** Ends those that were started here, and removes what they kept. */
  stop(): Promise<void>;
}

/** Those that the environment names; the others are started. */
export async function startServers(given: NodeJS.ProcessEnv = process.env): Promise<Servers> {
  const named = { brokers: given['KAFKA_BROKERS'], uri: given['MONGODB_URI'] };
  const jars = named.brokers && named.uri ? '' : await classPath();
  const folder = await mkdtemp(join(tmpdir(), 'lagom-servers-'));
  const own = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await mkdir(path);
    return path;
  };
  const begun = await Promise.allSettled([
    named.brokers ? null : own('kafka').then((path) => KafkaServer.start(jars, path)),
    named.uri ? null : own('mongo').then((path) => startMongoJava(jars, path)),
  ]);
  const [kafka, mongo] = begun.map((one) => (one.status === 'fulfilled' ? one.value : null)) as [
    KafkaServer | null,
    Awaited<ReturnType<typeof startMongoJava>> | null,
  ];
  const stop = async (): Promise<void> => {
    await Promise.all([kafka?.stop(), mongo?.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  const failed = begun.find((one) => one.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    env: {
      KAFKA_BROKERS: named.brokers ?? kafka?.brokers ?? '',
      MONGODB_URI: named.uri ?? mongo?.uri ?? '',
      ...(mongo ? { LAGOM_STORE_GAPS: 'mongo-java-server' } : {}),
    },
    kafka,
    stop,
  };
}
