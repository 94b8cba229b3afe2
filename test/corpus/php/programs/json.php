<?php
function load(string $text): array { return json_decode($text, true, 512, JSON_THROW_ON_ERROR); }
load('{');
