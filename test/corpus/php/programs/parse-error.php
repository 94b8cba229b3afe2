<?php
function load() {
    $row = ;
}
