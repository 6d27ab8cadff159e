module.exports = process.getBuiltinModule('module').createRequire(__filename)('cookie');
