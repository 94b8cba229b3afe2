<?php
function price(string $name): int {
    throw new OutOfBoundsException("no price for $name");
}
function load(string $name): void {
    try {
        price($name);
    } catch (OutOfBoundsException $e) {
        throw new RuntimeException('bad row', 3, $e);
    }
}
try {
    load('apple');
} catch (RuntimeException $e) {
    throw new DomainException('no shop', 0, $e);
}
