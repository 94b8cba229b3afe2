<?php
namespace Shop;
final class Rows {
    public static function load(callable $use): void { $use(7); }
}
