/** What one request may ask for. Whatever passes a limit is refused before it costs anything. */
import { DomainError } from '#contracts';
import {
  Kind,
  Location,
  OperationTypeNode,
  getOperationAST,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';

/** Body of a request; larger ones are not read to the end. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** The text of a query; long values belong into its variables. */
export const MAX_QUERY_CHARACTERS = 64 * 1024;
export const MAX_TOKENS = 8_000;
/** Brackets of any kind inside one another: more than a query of MAX_DEPTH needs, fewer than would exhaust a parser's stack. */
const MAX_NESTING = 60;
/** Fields inside one another. The introspection of clients needs 13. */
export const MAX_DEPTH = 15;
/** Values that an answer may hold, as far as the query tells; see the `complexity` of fields. */
export const MAX_COST = 50_000;

/** Refuses a query by its text alone, before anything parses it. Throws DomainError LIMIT_EXCEEDED. */
export function checkQueryText(text: string): void {
  if (text.length > MAX_QUERY_CHARACTERS) {
    throw exceeded(
      `query must be at most ${MAX_QUERY_CHARACTERS} characters long (send long values as variables), got ${text.length}`,
    );
  }
  const nesting = nestingOf(text);
  if (nesting > MAX_NESTING)
    throw exceeded(`query must nest at most ${MAX_DEPTH} fields deep, got brackets ${nesting} deep`);
}

/**
 * The server takes JSON for a document where a text does not parse; we take texts only. Throws DomainError BAD_INPUT.
 */
export function checkIsParsed(document: unknown): asserts document is DocumentNode {
  const isParsed =
    typeof document === 'object' && document !== null && 'loc' in document && document.loc instanceof Location;
  if (!isParsed) throw new DomainError('BAD_INPUT', 'query must be the text of a GraphQL query', 'query');
}

/** Over HTTP there is one answer. Throws DomainError BAD_INPUT when the operation to run is a subscription. */
export function checkIsAnswerable(document: DocumentNode, operationName: string | undefined): void {
  if (getOperationAST(document, operationName)?.operation !== OperationTypeNode.SUBSCRIPTION) return;
  throw new DomainError(
    'BAD_INPUT',
    'query must be a query or a mutation; subscriptions go over a WebSocket to the same address, by graphql-transport-ws',
    'query',
  );
}

/** Throws DomainError LIMIT_EXCEEDED when an operation of the document nests too deep. */
export function checkDepth(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const known = new Map<string, number>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const depth = depthOf(definition.selectionSet, fragments, known);
    if (depth > MAX_DEPTH) throw exceeded(`query must nest at most ${MAX_DEPTH} fields deep, got ${depth}`);
  }
}

/** Throws DomainError LIMIT_EXCEEDED when the answer could grow too large. For a valid document and its variables. */
export function checkCost(schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown>): void {
  const cost = getComplexity({
    schema,
    query: document,
    variables,
    estimators: [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })],
  });
  if (cost > MAX_COST) {
    throw exceeded(
      `query must ask for at most ${MAX_COST} values, this one could give ${cost}: ask for fewer fields, a smaller first or fewer points of history`,
    );
  }
}

export function exceeded(message: string): DomainError {
  return new DomainError('LIMIT_EXCEEDED', message);
}

/** Deepest nesting of brackets outside strings and comments. */
function nestingOf(text: string): number {
  const bare = text.replaceAll(/"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*/g, '');
  let nesting = 0;
  let deepest = 0;
  for (const [bracket] of bare.matchAll(/[[\](){}]/g)) {
    nesting += '[({'.includes(bracket) ? 1 : -1;
    deepest = Math.max(deepest, nesting);
  }
  return deepest;
}

/** A fragment that holds itself counts once: validation refuses it anyway. */
function depthOf(
  selections: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, number>,
): number {
  let deepest = 0;
  for (const selection of selections.selections) {
    let depth: number;
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (fragment !== undefined && !known.has(name)) {
        known.set(name, 0);
        known.set(name, depthOf(fragment.selectionSet, fragments, known));
      }
      depth = known.get(name) ?? 0;
    } else {
      const inner = selection.selectionSet === undefined ? 0 : depthOf(selection.selectionSet, fragments, known);
      depth = inner + (selection.kind === Kind.FIELD ? 1 : 0);
    }
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
