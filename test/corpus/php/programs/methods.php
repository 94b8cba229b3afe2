<?php
namespace Shop;

class BadRow extends \RuntimeException {}
class Rows {
    public function load(array $rows): void { foreach ($rows as $row) self::price($row, 'a text longer than fifteen', null, $this, 1.5); }
    private static function price(...$parts): void { throw new BadRow('no price in apple.csv:3'); }
}
(new Rows())->load([7]);
