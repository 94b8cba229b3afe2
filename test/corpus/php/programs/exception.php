<?php
function load(int $row): void {
    throw new Exception("bad row $row");
}

array_map(function ($row) { load($row); }, [7]);
