require "tempfile"

def prices(rows)
  rows.each_with_index.map do |row, at|
    row.sum do |part|
      Tempfile.create("row#{at}") do |file|
        [part].each_slice(1) { |(price)| file.write(Integer(price)) }
      end
    end
  end
end

prices([%w[7 8], %w[9 apple]])
