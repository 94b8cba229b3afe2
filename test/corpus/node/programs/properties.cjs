class QueryError extends Error {
  constructor(message, query) {
    super(message);
    this.name = 'QueryError';
    this.query = query;
    this.at = { row: 7, columns: ['price', 'date'], nested: { deep: { deeper: 1 } } };
  }
}
function load() {
  throw new QueryError('syntax error at "FORM"', 'SELECT *\nFORM rows');
}
load();
