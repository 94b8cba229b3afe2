<?php
class BadRow extends RuntimeException { public function __toString(): string { return 'BadRow <7>'; } }
function load(): void { throw new BadRow('bad row'); }
load();
