class OperationalError(Exception):
    __module__ = "sqlalchemy.exc"


raise OperationalError(
    "(psycopg2.errors.UndefinedColumn) column \"prize\" does not exist\n"
    "LINE 1: SELECT prize FROM row\n"
    "               ^\n"
    "HINT:  Perhaps you meant to reference the column \"row.price\".\n"
    "\n"
    "[SQL: SELECT prize FROM row WHERE id = %(id)s]\n"
    "[parameters: {'id': 7}]\n"
    "(Background on this error at: https://sqlalche.me/e/20/f405)"
)
