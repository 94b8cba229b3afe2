module Shop
  class BadRow < StandardError
    def initialize(row) = super(<<~TEXT)
      row #{row} is bad:

        price: apple

      See (the manual)
    TEXT
  end
end

def load(row) = raise(Shop::BadRow.new(row))
load(7)
