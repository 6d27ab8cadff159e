import { describe, expect, it } from '@jest/globals';
import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { MAX_DEPTH, MAX_QUERY_CHARACTERS, checkCost, checkDepth, checkQueryText } from './query-limits.js';

const nested = (depth: number): string => '{ a '.repeat(depth) + '}'.repeat(depth);

describe('the limits of a query', () => {
  it('let the introspection of a client through', () => {
    const text = getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true });
    expect(() => checkQueryText(text)).not.toThrow();
    expect(() => checkDepth(parse(text))).not.toThrow();
  });

  it('count fields, also through fragments, inline or named', () => {
    const wrapped = (depth: number): string =>
      `{ ...f } fragment f on T { ... on T { ${nested(depth).slice(1, -1)} } }`;
    expect(() => checkDepth(parse(nested(MAX_DEPTH)))).not.toThrow();
    expect(() => checkDepth(parse(nested(MAX_DEPTH + 1)))).toThrow(`at most ${MAX_DEPTH} fields deep, got 16`);
    expect(() => checkDepth(parse(wrapped(MAX_DEPTH)))).not.toThrow();
    expect(() => checkDepth(parse(wrapped(MAX_DEPTH + 1)))).toThrow('got 16');
  });

  it('end on fragments that hold each other, and stay quick on ones that double', () => {
    expect(() => checkDepth(parse('{ ...f } fragment f on T { ...g } fragment g on T { a { ...f } }'))).not.toThrow();
    const doubling = Array.from({ length: 60 }, (_, at) => `fragment f${at} on T { ...f${at + 1} ...f${at + 1} }`);
    expect(() => checkDepth(parse(`{ ...f0 } ${doubling.join(' ')} fragment f60 on T { a }`))).not.toThrow();
  });

  it('refuse a text that is too long or nests too deep before it is parsed', () => {
    expect(() => checkQueryText('#'.repeat(MAX_QUERY_CHARACTERS + 1))).toThrow(
      `at most ${MAX_QUERY_CHARACTERS} characters`,
    );
    expect(() => checkQueryText(nested(10_000))).toThrow('brackets 10000 deep');
    expect(() => checkQueryText('{'.repeat(20_000))).toThrow('brackets 20000 deep');
  });

  it('do not count brackets in strings and comments', () => {
    const brackets = '{'.repeat(100);
    expect(() =>
      checkQueryText(`{ a(b: "${brackets}\\"", c: """${brackets} " "" """) # ${brackets}\n }`),
    ).not.toThrow();
  });

  it('weigh a query by its fields', () => {
    const schema = buildSchema('type Query { a: Int }');
    const many = Array.from({ length: 50_001 }, (_, at) => `a${at}: a`).join(' ');
    expect(() => checkCost(schema, parse('{ a }'), {})).not.toThrow();
    expect(() => checkCost(schema, parse(`{ ${many} }`), {})).toThrow();
  });
});
