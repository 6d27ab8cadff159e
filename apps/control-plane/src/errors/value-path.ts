import { Kind, parse, visit, type ASTNode } from 'graphql';

/**
 * Where in a query a literal stands, as a client would name it: `first`, `input.targetBytes`; null when it is no argument.
 * The messages of the GraphQL library say what is wrong with a value, not whose it is.
 */
export function pathOfValue(node: ASTNode): string | null {
  const { loc } = node;
  if (loc === undefined) return null;
  const names: string[] = [];
  let found: string | null = null;
  const isNamed = (one: ASTNode): one is ASTNode & { name: { value: string } } =>
    one.kind === Kind.ARGUMENT || one.kind === Kind.OBJECT_FIELD;
  visit(parse(loc.source.body), {
    enter(one) {
      if (isNamed(one)) names.push(one.name.value);
      const isIt = one.kind === node.kind && one.loc?.start === loc.start && one.loc.end === loc.end;
      if (isIt && names.length > 0) found ??= names.join('.');
    },
    leave(one) {
      if (isNamed(one)) names.pop();
    },
  });
  return found;
}
