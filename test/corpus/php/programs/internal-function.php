<?php
class Rows {
    public function compare($a, $b) { throw new UnexpectedValueException("cannot compare $a"); }
}
$rows = [2, 1];
usort($rows, [new Rows(), 'compare']);
