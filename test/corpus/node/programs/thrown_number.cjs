setTimeout(() => {
  throw 42;
}, 1);
