import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { Guarded } from './guarded.js';

const MAIN = join(rootDir(), 'test', 'servers', 'MongoJavaServer.java');

/** mongo-java-server, in memory, on a port that it finds itself. */
export async function startMongoJava(
  jars: string,
  folder: string,
): Promise<{ uri: string; stop: () => Promise<void> }> {
  const server = await Guarded.start({
    name: 'mongo-java-server',
    folder,
    command: [
      'java',
      ...['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'],
      ...['-cp', jars, MAIN, '0'],
    ],
    ready: /listening on (\d+)/,
  });
  return {
    uri: `mongodb://127.0.0.1:${server.said[1] ?? ''}/lagom?directConnection=true`,
    stop: () => server.end(),
  };
}
