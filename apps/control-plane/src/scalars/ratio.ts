import { GraphQLFloat, GraphQLScalarType } from 'graphql';

/** A share as a float. */
export const Ratio = new GraphQLScalarType<number, number>({
  ...GraphQLFloat.toConfig(),
  name: 'Ratio',
  description: 'A share: 1 is 100 %.',
});
