module step

go 1.18
