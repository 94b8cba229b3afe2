module Shop
  def self.each = yield(7)
end
