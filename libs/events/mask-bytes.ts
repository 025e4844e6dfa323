import { maskCardNumbers, maskCardsDeep } from '#platform/masking';
import { parseJson, tame } from './parse-json.js';

/**
 * Masks card numbers in the bytes of a message that may be anything: a dead letter keeps them. Bytes without a card
 * number stay to the byte; JSON stays JSON, so that it can be mended and driven again.
 */
export function maskBytes(value: Buffer): { value: Buffer; count: number } {
  const parsed = parseJson(value);
  if (parsed.ok && tame(parsed.value) !== null) return maskJson(value, parsed.value);
  return maskText(value);
}

function maskJson(bytes: Buffer, json: unknown): { value: Buffer; count: number } {
  const decoded = maskEncodedData(json);
  const deep = maskCardsDeep(decoded.value);
  const found = decoded.count + deep.count;
  // Members written twice are read once: what was lost in reading still stands in the text.
  const inText = maskText(bytes);
  if (found + inText.count === 0) return { value: bytes, count: 0 };
  const again = maskText(Buffer.from(JSON.stringify(deep.value)));
  return { value: again.value, count: Math.max(found + again.count, inText.count) };
}

/** A CloudEvent's `data_base64` hides what it holds from every search. */
function maskEncodedData(json: unknown): { value: unknown; count: number } {
  if (Array.isArray(json)) {
    const items = json.map(maskEncodedData);
    return {
      value: items.map((item) => item.value),
      count: items.reduce((sum, item) => sum + item.count, 0),
    };
  }
  if (typeof json !== 'object' || json === null) return { value: json, count: 0 };
  const encoded = (json as Record<string, unknown>)['data_base64'];
  if (typeof encoded !== 'string') return { value: json, count: 0 };
  const inside = maskBytes(Buffer.from(encoded, 'base64'));
  if (inside.count === 0) return { value: json, count: 0 };
  return { value: { ...json, data_base64: inside.value.toString('base64') }, count: inside.count };
}

function maskText(bytes: Buffer): { value: Buffer; count: number } {
  const utf8 = bytes.toString('utf8');
  const valid = Buffer.from(utf8, 'utf8').equals(bytes);
  // Zero bytes between the digits: UTF-16, or somebody's trick. They go, once there is a card between them.
  for (const text of [
    valid ? utf8 : bytes.toString('latin1'),
    bytes.toString('latin1').replaceAll('\0', ''),
  ]) {
    const masked = maskCardNumbers(text);
    if (masked.count > 0) {
      return { value: Buffer.from(masked.text, 'utf8'), count: masked.count };
    }
  }
  return { value: bytes, count: 0 };
}
