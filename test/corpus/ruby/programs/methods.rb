module Shop
  class BadRow < StandardError; end
  class Rows
    def load(row) = row.each { |part| price(part) }
    def price(part) = raise(BadRow, "no price: #{part} (apple)")
  end
end
Shop::Rows.new.load([7])
