import busboy from '@fastify/busboy';
import type { Request } from 'express';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FileFault } from '#transfer/file-fault';
import { FORMATS, MOST_IMPORT_BYTES, type Format } from '#transfer/import.types';

/** A file on its way in: what its sender says about it, and its bytes as they come. */
export interface Upload {
  format: Format;
  charset: string | null;
  /** The form's other fields, where it came in a form. */
  fields: Readonly<Record<string, string>>;
  bytes: AsyncIterable<Buffer>;
  /** Reads what is left and drops it: a socket that is cut would lose the answer. */
  drain(): void;
}

const TYPES: Readonly<Record<string, Format>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'text/plain': 'csv',
  // What a browser on Windows calls a .csv file.
  'application/vnd.ms-excel': 'csv',
  'application/json': 'json',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
};
const ENDINGS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  json: 'json',
  ndjson: 'jsonl',
  jsonl: 'jsonl',
};
const FORM = 'multipart/form-data';
const MOST_FIELDS = 20;
const MOST_FIELD_BYTES = 1_000;

/**
 * Opens the file of a request: its body, or the first file of a form, whose other fields are to stand before it. Throws a
 * `FileFault` for what is no file that can be read. `format` is what the request's own query says.
 */
export async function openUpload(request: Request, format: Format | undefined): Promise<Upload> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_IMPORT_BYTES) {
    request.resume();
    throw new FileFault(413, `the file is larger than ${MOST_IMPORT_BYTES} bytes; import it in parts`);
  }
  const { type, charset } = contentType(request.headers['content-type']);
  if (type === FORM) return openForm(request, format);
  const known = format ?? TYPES[type];
  if (known === undefined) {
    request.resume();
    throw unknownType();
  }
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return uploadOf(request, request, { format: known, charset, fields: {} });
  request.resume();
  if (encoding !== 'gzip') {
    throw new FileFault(415, 'a file comes as it is, or with Content-Encoding: gzip');
  }
  const plain = createGunzip();
  request.once('error', (error) => plain.destroy(error));
  return uploadOf(request.pipe(plain), request, { format: known, charset, fields: {} });
}

function openForm(request: Request, asked: Format | undefined): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const fields: Record<string, string> = {};
    const refuse = (fault: FileFault): void => {
      request.unpipe();
      request.resume();
      reject(fault);
    };
    let form: InstanceType<typeof busboy.Busboy>;
    try {
      form = new busboy.Busboy({
        headers: request.headers as { 'content-type': string },
        limits: { files: 1, fields: MOST_FIELDS, fieldSize: MOST_FIELD_BYTES },
      });
    } catch {
      refuse(new FileFault(400, 'expected a form with a boundary in its content type'));
      return;
    }
    form.on('field', (name, value) => {
      if (Object.hasOwn(UPLOAD_FIELDS, name)) fields[name] = value;
    });
    form.on('file', (_name, file, filename, _encoding, mimetype) => {
      const { type, charset } = contentType(mimetype);
      const named = FORMATS.find((one) => one === fields['format']);
      const ending = /\.([a-z]+)$/i.exec(filename ?? '')?.[1]?.toLowerCase() ?? '';
      const format = asked ?? named ?? ENDINGS[ending] ?? TYPES[type];
      if (format === undefined) {
        file.resume();
        refuse(unknownType());
        return;
      }
      request.once('aborted', () => file.destroy(new Error('the request was cut off')));
      resolve(uploadOf(file, request, { format, charset, fields }));
    });
    form.on('error', () => refuse(new FileFault(400, 'expected a form that ends as it says it does')));
    form.on('finish', () => reject(new FileFault(422, NO_FILE, [{ pointer: '#/file', detail: NO_FILE }])));
    request.pipe(form);
  });
}

/** What a form may say beside its file, as the query may. */
export const UPLOAD_FIELDS = {
  kind: true,
  dryRun: true,
  format: true,
  cause: true,
  scope: true,
  channel: true,
} as const;

const NO_FILE = 'expected a form with a file in it';

function uploadOf(stream: Readable, request: Request, about: Omit<Upload, 'bytes' | 'drain'>): Upload {
  // What goes wrong before anybody reads is told to who reads then; unheard it would end the process.
  stream.on('error', () => undefined);
  return {
    ...about,
    bytes: piecesOf(stream),
    drain: () => {
      stream.resume();
      request.resume();
    },
  };
}

/** Whoever stops reading must not close the socket: the answer goes the same way. */
async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) yield piece as Buffer;
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('Z_') === true) {
      throw new FileFault(400, 'expected a body that is packed by gzip, as its header says');
    }
    throw error;
  }
}

function contentType(header: string | undefined): { type: string; charset: string | null } {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim());
  const charset = parameters
    .map((part) => /^charset="?([^"]+)"?$/i.exec(part)?.[1])
    .find((one) => one !== undefined);
  return { type: type.toLowerCase(), charset: charset ?? null };
}

function unknownType(): FileFault {
  const detail =
    'expected content type text/csv, application/json, application/x-ndjson or multipart/form-data, or ?format=csv|json|jsonl';
  return new FileFault(415, detail, [{ pointer: '#', detail }]);
}
