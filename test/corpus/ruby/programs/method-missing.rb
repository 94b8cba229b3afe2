class Rows
  def method_missing(name, *values)
    return super unless name.start_with?("load_")

    send(name.to_s.delete_prefix("load_"), *values)
  end

  def respond_to_missing?(*) = true
end

Rows.new.load_apples(7)
