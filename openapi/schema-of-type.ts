import ts from 'typescript';

export type Schema = Record<string, unknown>;

/**
 * What a type of TypeScript looks like once it is written as JSON. A type with a name of ours becomes a component and is
 * pointed at; a `Date` is a text; what has no shape (`unknown`) is anything. The order of unions is the alphabet's, as the
 * compiler's own changes with what it happened to read first.
 */
export class SchemaOfType {
  /** By name, in the order in which they were met. */
  readonly components = new Map<string, Schema>();
  private readonly names = new Map<ts.Symbol, string>();

  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly root: string,
  ) {}

  of(type: ts.Type): Schema {
    const name = this.nameOf(type);
    if (name === null) return this.inline(type);
    const { symbol, label } = name;
    const known = this.names.get(symbol);
    if (known !== undefined) return ref(known);
    let free = label;
    for (let n = 2; this.components.has(free); n += 1) free = `${label}${n}`;
    this.names.set(symbol, free);
    // Held before it is written, as it may point at itself.
    this.components.set(free, {});
    const description = this.saidOf(symbol);
    this.components.set(free, { ...(description === '' ? {} : { description }), ...this.inline(type) });
    return ref(free);
  }

  /** A name of ours, if the type has one that says enough: no generic ones. */
  private nameOf(type: ts.Type): { symbol: ts.Symbol; label: string } | null {
    const isWorthIt =
      type.isUnion() || (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0;
    if (!isWorthIt || isArray(this.checker, type)) return null;
    if (type.aliasSymbol !== undefined) {
      const isGeneric = (type.aliasTypeArguments?.length ?? 0) > 0;
      if (!isGeneric && this.isOurs(type.aliasSymbol))
        return { symbol: type.aliasSymbol, label: type.aliasSymbol.name };
    }
    const { symbol } = type;
    if (symbol === undefined || (symbol.flags & ts.SymbolFlags.Interface) === 0) return null;
    const isGeneric = ((type as ts.TypeReference).typeArguments?.length ?? 0) > 0;
    return isGeneric || !this.isOurs(symbol) ? null : { symbol, label: symbol.name };
  }

  private isOurs(symbol: ts.Symbol): boolean {
    return (symbol.declarations ?? []).some((one) => {
      const { fileName } = one.getSourceFile();
      return fileName.startsWith(this.root) && !fileName.includes('/node_modules/');
    });
  }

  private inline(type: ts.Type): Schema {
    const { flags } = type;
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
    if (flags & ts.TypeFlags.Null) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: this.checker.typeToString(type) === 'true' };
    if (flags & ts.TypeFlags.StringLike) return { type: 'string' };
    if (flags & ts.TypeFlags.NumberLike) return { type: 'number' };
    if (flags & ts.TypeFlags.BooleanLike) return { type: 'boolean' };
    if (type.isUnion()) return this.union(type.types);
    if (isArray(this.checker, type)) {
      const items = this.checker.getTypeArguments(type as ts.TypeReference);
      if (!this.checker.isTupleType(type)) return { type: 'array', items: this.of(items[0]!) };
      return { type: 'array', prefixItems: items.map((one) => this.of(one)), minItems: items.length };
    }
    if (type.symbol?.name === 'Date') return { type: 'string', format: 'date-time' };
    return this.object(type);
  }

  private union(all: readonly ts.Type[]): Schema {
    const types = all.filter((one) => (one.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) === 0);
    const words = types.flatMap((one) => (one.isStringLiteral() ? [one.value] : []));
    const numbers = types.flatMap((one) => (one.isNumberLiteral() ? [one.value] : []));
    const booleans = types.filter((one) => one.flags & ts.TypeFlags.BooleanLiteral);
    const others = types.filter(
      (one) =>
        !one.isStringLiteral() && !one.isNumberLiteral() && (one.flags & ts.TypeFlags.BooleanLiteral) === 0,
    );
    const schemas = [
      ...(words.length > 0 ? [{ type: 'string', enum: words.sort() }] : []),
      ...(numbers.length > 0 ? [{ type: 'number', enum: numbers.sort((a, b) => a - b) }] : []),
      ...(booleans.length === 2 ? [{ type: 'boolean' }] : booleans.map((one) => this.inline(one))),
      ...others.map((one) => this.of(one)),
    ];
    const [first] = schemas;
    if (first !== undefined && schemas.length === 1) return first;
    const isNull = (one: Schema): boolean => one['type'] === 'null';
    const given = schemas.filter((one) => !isNull(one));
    const [only] = given;
    // `string | null` as a list of types, which most readers show well.
    if (given.length === 1 && typeof only?.['type'] === 'string' && !('enum' in only))
      return { ...only, type: [only['type'], 'null'] };
    const sorted = given.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return { anyOf: [...sorted, ...schemas.filter(isNull).slice(0, 1)] };
  }

  private object(type: ts.Type): Schema {
    const properties: Schema = {};
    const required: string[] = [];
    for (const property of this.checker.getPropertiesOfType(type)) {
      const of = this.checker.getTypeOfSymbol(property);
      if (of.getCallSignatures().length > 0 || property.name.startsWith('__')) continue;
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const bare = isOptional ? this.withoutUndefined(of) : of;
      const said = this.saidOf(property);
      const schema = this.of(bare);
      properties[property.name] = said === '' ? schema : { ...schema, description: said };
      if (!isOptional) required.push(property.name);
    }
    const [index] = this.checker.getIndexInfosOfType(type);
    return {
      type: 'object',
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required: required.sort() } : {}),
      ...(index === undefined ? {} : { additionalProperties: this.of(index.type) }),
    };
  }

  /** `undefined` alone taken away: `null` is said, and told. */
  private withoutUndefined(type: ts.Type): ts.Type {
    if (!type.isUnion()) return type;
    const left = type.types.filter((one) => (one.flags & ts.TypeFlags.Undefined) === 0);
    if (left.length === 1 && left[0] !== undefined) return left[0];
    if (left.length === type.types.length) return type;
    const isNullable = left.some((one) => (one.flags & ts.TypeFlags.Null) !== 0);
    // Without both, the compiler gives a named type its name back.
    return isNullable ? type : this.checker.getNonNullableType(type);
  }

  private saidOf(symbol: ts.Symbol): string {
    return ts
      .displayPartsToString(symbol.getDocumentationComment(this.checker))
      .replaceAll(/\s+/g, ' ')
      .trim();
  }
}

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

function isArray(checker: ts.TypeChecker, type: ts.Type): boolean {
  return checker.isArrayType(type) || checker.isTupleType(type);
}
