import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Guarded } from './guarded.js';

/** A broker of its own: one node, KRaft, on loopback. */
export class KafkaServer {
  private broker: Guarded | undefined;

  private constructor(
    private readonly jars: string,
    private readonly folder: string,
    /** `host:port`, the same after every start. */
    readonly brokers: string,
  ) {}

  static async start(jars: string, folder: string): Promise<KafkaServer> {
    const [own, controller] = await freePorts(2);
    const server = new KafkaServer(jars, folder, `127.0.0.1:${String(own)}`);
    await writeFile(join(folder, 'server.properties'), properties(folder, Number(own), Number(controller)));
    const format = [
      '-cp',
      jars,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId(),
      '-c',
      server.settings,
    ];
    await promisify(execFile)('java', format, { cwd: folder });
    await server.start();
    return server;
  }

  /** Once more, on the same folder and port. */
  async start(): Promise<void> {
    this.broker ??= await Guarded.start({
      name: 'Kafka',
      folder: this.folder,
      command: ['java', '-Xmx512m', ...QUIET, '-cp', this.jars, 'kafka.Kafka', this.settings],
      ready: /Kafka Server started/,
    });
  }

  /** Dies, as by SIGKILL. What it acknowledged is on its disk. */
  async kill(): Promise<void> {
    await this.broker?.end({ keep: true });
    this.broker = undefined;
  }

  /** Ends for good, its folder with it. */
  async stop(): Promise<void> {
    await this.broker?.end();
    this.broker = undefined;
  }

  private get settings(): string {
    return join(this.folder, 'server.properties');
  }
}

/** slf4j-simple says on the standard error only that it is up, and faults. */
const QUIET = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
];

const properties = (folder: string, own: number, controller: number): string =>
  [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${own},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${own}`,
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(folder, 'logs')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    // Many small topics, each dropped by the test that made it: no 10 MB of index for each partition.
    'log.index.size.max.bytes=65536',
    'log.segment.delete.delay.ms=1000',
    '',
  ].join('\n');

// The first bits are set to those of an `A`: one that began with a dash would be taken for an option.
const clusterId = (): string => Buffer.concat([Buffer.alloc(1), randomBytes(15)]).toString('base64url');

/** Ports that nobody had a moment ago; all are held until the last is found, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(held.map((server) => once(server, 'listening')));
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(held.map((server) => once(server.close(), 'close')));
  return ports;
}
