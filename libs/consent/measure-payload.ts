/** What a measured link says: which try of which tenant's it stood in, which link it is and where it leads. Nobody's name. */
export interface MeasurePayload {
  tenant: string;
  /** The 128-bit name of the attempt, as the provider was given it: 32 hex digits. */
  ref: string;
  /** The link of a block; null: the mail itself was opened. */
  block: number | null;
  /** Where it leads, an absolute address; empty of an open. */
  target: string;
}

/** The first byte: numbers never change their meaning, as links live for ever. */
const VERSION = 1;
const REF_BYTES = 16;
const REF = /^[0-9a-f]{32}$/;
/** In place of a block's number. */
const OPEN = 255;

/** The payload as bytes: the same payload always gives the same ones. */
export function packMeasure({ tenant, ref, block, target }: MeasurePayload): Buffer {
  const name = Buffer.from(tenant, 'utf8');
  if (!REF.test(ref) || name.length > 255 || (block !== null && !(block >= 0 && block < OPEN)))
    throw new Error('a measured link that cannot be packed');
  return Buffer.concat([
    Buffer.from([VERSION, block ?? OPEN, name.length]),
    ...[name, Buffer.from(ref, 'hex'), Buffer.from(target, 'utf8')],
  ]);
}

/** What was packed, or null: bytes that say nothing. */
export function unpackMeasure(bytes: Buffer): MeasurePayload | null {
  const [version, block, length] = bytes;
  if (version !== VERSION || block === undefined || length === undefined) return null;
  const end = 3 + length + REF_BYTES;
  if (bytes.length < end) return null;
  const target = bytes.toString('utf8', end);
  if ((block === OPEN) !== (target === '')) return null;
  return {
    tenant: bytes.toString('utf8', 3, 3 + length),
    ref: bytes.toString('hex', 3 + length, end),
    block: block === OPEN ? null : block,
    target,
  };
}
