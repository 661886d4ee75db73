import ConformanceReport

print("usage: workbook report")
