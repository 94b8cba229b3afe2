package com.acme.kotlin

class Row(val price: String?)

fun Row.total(): Int = price!!.length

fun load(rows: List<Row>) = rows.map { row -> row.total() }

class Loader private constructor() {
    companion object {
        @JvmStatic fun run() {
            val block: () -> List<Int> = { load(listOf(Row("7"), Row(null))) }
            block()
        }
    }
}

fun main() {
    try {
        Loader.run()
    } catch (e: KotlinNullPointerException) {
        throw IllegalStateException("load failed", e)
    }
}
