use strict;
$a1; $b1; $c1; $d1; $e1; $f1; $g1; $h1; $i1; $j1; $k1; $l1;
