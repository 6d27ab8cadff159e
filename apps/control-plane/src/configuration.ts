/** Token of the configuration that this process runs with. */
export const CONFIGURATION = Symbol('configuration');
