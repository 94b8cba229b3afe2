oo::class create Shop {
    method load {row} {
        my price $row
    }
    method price {row} {
        error "no price for $row"
    }
}
set shop [Shop new]
$shop load 7
