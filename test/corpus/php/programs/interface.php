<?php
class Rows implements Countable {}
