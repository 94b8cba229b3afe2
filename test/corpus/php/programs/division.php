<?php
echo intdiv(7, 0);
