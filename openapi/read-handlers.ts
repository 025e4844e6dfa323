import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { rootDir } from '#platform/root';
import { SchemaOfType, type Schema } from './schema-of-type.js';

/** Where a schema stands that a handler reads its input through. */
export interface SchemaPlace {
  /** From the root of the checkout: `apps/console/segments.controller.ts`. */
  file: string;
  /** The name of the constant; null: it has none, or is not a constant of its file. */
  name: string | null;
  /** As it is written, for who is to mend it. */
  text: string;
}

/** What the code of a handler says of itself. */
export interface Handler {
  /** Its docstring. */
  says: string;
  returns: ts.Type;
  query: SchemaPlace[];
  body: SchemaPlace[];
  /** What it sets itself by `response.status(…)`. */
  statuses: number[];
  /** Whether it sends its answer itself, so that Nest's own status is never used. */
  sendsItself: boolean;
  /** What it can answer with, by `request.accepts([…])`. */
  accepts: string[];
  /** The statuses of the pages that it sends. */
  pages: number[];
  /** Queries that it takes singly: `@Query('dryRun')`. */
  singleQueries: string[];
  /** Statuses of problems, each with what is said, where that stands in the code as one text. */
  problems: Map<number, string[]>;
  readsIfMatch: boolean;
}

type Bound = 'query' | 'body';

/** Reads the sources of the processes once, types and all. */
export class ReadHandlers {
  private readonly checker: ts.TypeChecker;
  private readonly classes = new Map<string, ts.ClassDeclaration>();
  private readonly interfaces = new Map<string, ts.InterfaceDeclaration>();
  readonly schemas: SchemaOfType;
  private readonly root = rootDir();

  constructor() {
    const path = join(this.root, 'tsconfig.json');
    const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { config: object };
    const { options, fileNames } = ts.parseJsonConfigFileContent(
      { ...config, include: ['apps'] },
      ts.sys,
      dirname(path),
    );
    const shipped = fileNames.filter((name) => !/\.(?:test|fixture|contract)\.ts$/.test(name));
    const program = ts.createProgram(shipped, { ...options, noEmit: true });
    this.checker = program.getTypeChecker();
    this.schemas = new SchemaOfType(this.checker, this.root);
    for (const file of program.getSourceFiles()) {
      if (!file.fileName.startsWith(this.root) || file.fileName.includes('/node_modules/')) continue;
      for (const statement of file.statements) {
        if (ts.isClassDeclaration(statement) && statement.name !== undefined)
          this.classes.set(statement.name.text, statement);
        if (ts.isInterfaceDeclaration(statement)) this.interfaces.set(statement.name.text, statement);
      }
    }
  }

  /** What is said of a controller. */
  saysOf(controller: string): string {
    return this.docOf(this.classOf(controller));
  }

  /** The schema of an interface, for what a handler writes to its answer itself. */
  schemaNamed(name: string): Schema {
    const found = this.interfaces.get(name);
    if (found === undefined) throw new Error(`there is no interface ${name} in the sources`);
    return this.schemas.of(this.checker.getTypeAtLocation(found));
  }

  /** What a handler returns, apart: its JSON, and whether it may be a text, a file, nothing. */
  partsOf(type: ts.Type): { json: Schema | null; hasText: boolean; isFile: boolean; isNothing: boolean } {
    const all = type.isUnion() ? type.types : [type];
    const isText = (one: ts.Type): boolean => (one.flags & ts.TypeFlags.String) !== 0;
    const isNone = (one: ts.Type): boolean =>
      (one.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) !== 0;
    const isFile = (one: ts.Type): boolean => one.symbol?.name === 'StreamableFile';
    const others = all.filter((one) => !isText(one) && !isNone(one) && !isFile(one));
    const [only] = others;
    const json =
      only === undefined
        ? null
        : others.length === all.length
          ? this.schemas.of(type)
          : others.length === 1
            ? this.schemas.of(only)
            : { anyOf: others.map((one) => this.schemas.of(one)) };
    return {
      json,
      hasText: all.some(isText),
      isFile: all.some(isFile),
      isNothing: others.length === 0 && !all.some(isText),
    };
  }

  read(controller: string, handler: string): Handler {
    const method = this.classOf(controller).members.find(
      (one): one is ts.MethodDeclaration =>
        ts.isMethodDeclaration(one) && one.name.getText() === handler && one.body !== undefined,
    );
    if (method === undefined) throw new Error(`${controller}.${handler} is not in the sources`);
    const signature = this.checker.getSignatureFromDeclaration(method);
    if (signature === undefined) throw new Error(`${controller}.${handler} has no signature`);
    const returned = this.checker.getReturnTypeOfSignature(signature);
    const found: Handler = {
      says: this.docOf(method),
      returns: this.checker.getAwaitedType(returned) ?? returned,
      ...{ query: [], body: [], statuses: [], accepts: [], pages: [], problems: new Map() },
      singleQueries: [],
      sendsItself: false,
      readsIfMatch: false,
    };
    const bound = new Map<ts.Symbol, Bound>();
    for (const parameter of method.parameters) {
      for (const decorator of ts.getDecorators(parameter) ?? []) {
        const text = decorator.expression.getText();
        if (text === 'Res()') found.sendsItself = true;
        if (text === `Headers('if-match')` || text === 'Acting()') found.readsIfMatch = true;
        const symbol = this.checker.getSymbolAtLocation(parameter.name);
        if (symbol === undefined) continue;
        const single = /^Query\('(\w+)'\)$/.exec(text)?.[1];
        if (single !== undefined) found.singleQueries.push(single);
        if (text === 'Query()') bound.set(symbol, 'query');
        if (text === 'Body()') bound.set(symbol, 'body');
      }
    }
    this.walk(method, found, bound, new Set());
    found.statuses = [...new Set(found.statuses)].sort();
    found.pages = [...new Set(found.pages)].sort();
    found.accepts = [...new Set(found.accepts)];
    return found;
  }

  /** Through the code of a handler, and of whatever of the processes it calls. */
  private walk(within: ts.Node, found: Handler, bound: Map<ts.Symbol, Bound>, seen: Set<ts.Node>): void {
    if (seen.has(within)) return;
    seen.add(within);
    const look = (node: ts.Node): void => {
      if (ts.isNewExpression(node)) this.seeProblem(node, found);
      if (ts.isCallExpression(node)) this.seeCall(node, found, bound, seen);
      ts.forEachChild(node, look);
    };
    ts.forEachChild(within, look);
  }

  private seeProblem(node: ts.NewExpression, { problems }: Handler): void {
    const thrown = node.expression.getText();
    const [first, second] = node.arguments ?? [];
    const status =
      thrown === 'Problem'
        ? first && ts.isNumericLiteral(first)
          ? Number(first.text)
          : null
        : NESTS[thrown];
    if (status === undefined || status === null) return;
    const said = thrown === 'Problem' ? second : first;
    const details = problems.get(status) ?? [];
    if (said !== undefined && ts.isStringLiteralLike(said) && !details.includes(said.text))
      details.push(said.text);
    problems.set(status, details);
  }

  private seeCall(
    node: ts.CallExpression,
    found: Handler,
    bound: Map<ts.Symbol, Bound>,
    seen: Set<ts.Node>,
  ): void {
    const called = node.expression;
    const name = ts.isPropertyAccessExpression(called) ? called.name.text : called.getText();
    const [first, second] = node.arguments;
    if (name === 'readInput' && first !== undefined && second !== undefined) {
      const side = this.sideOf(second, bound);
      if (side !== null) found[side].push(this.placeOf(first));
    }
    if (name === 'status' && first !== undefined) found.statuses.push(...numbersIn(first));
    if (name === 'send' || name === 'sendNobodys')
      found.pages.push(...node.arguments.slice(1, 3).flatMap(numbersIn));
    if (name === 'accepts' && first !== undefined) found.accepts.push(...this.wordsIn(first));
    const declaration = this.declarationOf(called);
    if (declaration === null) return;
    const passed = new Map<ts.Symbol, Bound>(bound);
    declaration.parameters.forEach((parameter, index) => {
      const argument = node.arguments[index];
      const symbol = this.checker.getSymbolAtLocation(parameter.name);
      const side = argument === undefined ? null : this.sideOf(argument, bound);
      if (symbol !== undefined && side !== null) passed.set(symbol, side);
    });
    this.walk(declaration, found, passed, seen);
  }

  /** Whether an expression has the query or the body in it. */
  private sideOf(node: ts.Node, bound: Map<ts.Symbol, Bound>): Bound | null {
    if (ts.isIdentifier(node)) {
      const symbol = this.checker.getSymbolAtLocation(node);
      return (symbol && bound.get(symbol)) ?? null;
    }
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) return null;
    let side: Bound | null = null;
    ts.forEachChild(node, (child) => {
      side ??= this.sideOf(child, bound);
    });
    return side;
  }

  private placeOf(node: ts.Expression): SchemaPlace {
    const text = node.getText();
    const file = relative(this.root, node.getSourceFile().fileName);
    if (!ts.isIdentifier(node)) return { file, name: null, text };
    const symbol = this.origin(node);
    const declaration = symbol?.valueDeclaration;
    const isTop =
      declaration !== undefined &&
      ts.isVariableDeclaration(declaration) &&
      ts.isSourceFile(declaration.parent.parent.parent);
    if (!isTop || symbol === undefined) return { file, name: null, text };
    return { file: relative(this.root, declaration.getSourceFile().fileName), name: symbol.name, text };
  }

  private wordsIn(node: ts.Expression): string[] {
    if (ts.isArrayLiteralExpression(node))
      return node.elements.flatMap((one) => (ts.isStringLiteralLike(one) ? [one.text] : []));
    if (!ts.isIdentifier(node)) return [];
    const declaration = this.origin(node)?.valueDeclaration;
    return declaration !== undefined && ts.isVariableDeclaration(declaration) && declaration.initializer
      ? this.wordsIn(declaration.initializer)
      : [];
  }

  /** The code of what is called, where it is of a process: libs say by their types what they answer. */
  private declarationOf(called: ts.Expression): ts.SignatureDeclaration | null {
    let declaration = this.origin(called)?.valueDeclaration;
    if (declaration && ts.isVariableDeclaration(declaration) && declaration.initializer)
      declaration = declaration.initializer as unknown as ts.Declaration;
    if (declaration === undefined || !ts.isFunctionLike(declaration)) return null;
    return relative(this.root, declaration.getSourceFile().fileName).startsWith('apps/') ? declaration : null;
  }

  private origin(node: ts.Expression): ts.Symbol | undefined {
    const symbol = this.checker.getSymbolAtLocation(ts.isPropertyAccessExpression(node) ? node.name : node);
    return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0
      ? this.checker.getAliasedSymbol(symbol)
      : symbol;
  }

  private classOf(name: string): ts.ClassDeclaration {
    const found = this.classes.get(name);
    if (found === undefined) throw new Error(`there is no class ${name} in the sources`);
    return found;
  }

  private docOf(node: ts.ClassDeclaration | ts.MethodDeclaration): string {
    const symbol = node.name === undefined ? undefined : this.checker.getSymbolAtLocation(node.name);
    const parts = symbol?.getDocumentationComment(this.checker) ?? [];
    return ts.displayPartsToString(parts).replaceAll(/\s+/g, ' ').trim();
  }
}

/** What is thrown where no problem is: by its class. */
const NESTS: Record<string, number> = {
  BadRequestException: 400,
  ForbiddenException: 403,
  NotFoundException: 404,
};

/** A number that is written out, or those of both sides of a choice. */
function numbersIn(node: ts.Node): number[] {
  if (ts.isNumericLiteral(node)) return [Number(node.text)];
  if (ts.isConditionalExpression(node)) return [...numbersIn(node.whenTrue), ...numbersIn(node.whenFalse)];
  return [];
}
