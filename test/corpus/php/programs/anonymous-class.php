<?php
$rows = new class {
    public function load(): void { throw new class('bad row') extends RuntimeException {}; }
};
$rows->load();
