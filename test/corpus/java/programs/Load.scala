package com.acme.scala

case class Row(price: Option[Int])

trait Sums {
  def total(rows: Seq[Row]): Int = rows.map(_.price.get).sum
}

object Load extends Sums {
  def +(n: Int): Int = total(Seq(Row(Some(n)), Row(None)))

  def main(args: Array[String]): Unit = {
    val `odd name` = () => Load + 7
    `odd name`()
  }
}
