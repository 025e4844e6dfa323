import { createHash, randomBytes } from 'node:crypto';
import mongoose from 'mongoose';

export const ROLES = ['ingest', 'marketer', 'approver', 'privacy', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** A key as it is kept: its hash, whose it is, what it may do. The key itself is shown once and kept nowhere. */
export interface ApiKey {
  _id: string;
  tenant: string;
  role: Role;
  name: string;
  /** Who of `approval.people` has it, by their address: two keys of one person are one person. Absent: it is not said. */
  person?: string;
  /** The first characters, so that people tell their keys apart. */
  hint: string;
  createdAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, role: String },
  { collection: 'api_keys', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, createdAt: 1 });

const HINT_LENGTH = 11;

/** API keys: one tenant and one role each. */
export class ApiKeyStore {
  private readonly keys;

  constructor(connection: mongoose.Connection) {
    this.keys = connection.model<ApiKey>('ApiKey', schema as unknown as mongoose.Schema<ApiKey>);
  }

  async createIndexes(): Promise<void> {
    await this.keys.createIndexes();
  }

  /** Makes a key; `key` is seen here and never again. */
  async create(
    tenant: string,
    { role, name, person }: Pick<ApiKey, 'role' | 'name' | 'person'>,
    at: Date,
  ): Promise<ApiKey & { key: string }> {
    const key = `lagom_${randomBytes(24).toString('base64url')}`;
    const kept: ApiKey = {
      _id: hashKey(key),
      tenant,
      role,
      name,
      ...(person === undefined ? {} : { person }),
      hint: key.slice(0, HINT_LENGTH),
      createdAt: at,
    };
    await this.keys.collection.insertOne(kept as never);
    return { ...kept, key };
  }

  /** Whose key this is; the only look-up without a tenant, as the key tells it. */
  async findByKey(key: string): Promise<ApiKey | null> {
    return this.keys.findOne({ _id: hashKey(key) }).lean<ApiKey>();
  }

  async list(tenant: string): Promise<ApiKey[]> {
    return this.keys.find({ tenant }).sort({ createdAt: 1 }).lean<ApiKey[]>();
  }

  /** False where the tenant has no such key. */
  async delete(tenant: string, id: string): Promise<boolean> {
    return (await this.keys.deleteOne({ _id: id, tenant })).deletedCount === 1;
  }
}

/** A random key of 192 bits needs no slow hash. */
function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
