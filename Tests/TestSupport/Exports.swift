@_exported import SeededGenerator
