module example.com/job

go 1.19

require example.com/csv v1.2.0
