import TestSupport
import Testing

@testable import DataStructures

@Suite(.watched) struct DividedDictionaryTests {
    /// Against the library's, through growing, shrinking and being empty again.
    @Test(arguments: 1...3 as ClosedRange<UInt64>) func itIsADictionary(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var (mine, model) = (DividedDictionary<Int, Int>(), [Int: Int]())
        var isAlike = true
        for most in [100, 5000, 0] {
            for round in 0..<15_000 {
                let key = Int.random(in: 0..<6000, using: &chance)
                if round % 7 == 0 {
                    mine[key]? += round
                    model[key]? += round
                } else if model.count < most, Bool.random(using: &chance) {
                    (mine[key], model[key]) = (round, round)
                } else {
                    isAlike = mine.removeValue(forKey: key) == model.removeValue(forKey: key) && isAlike
                }
            }
            for key in most == 0 ? Array(model.keys) : [] { (mine[key], model[key]) = (nil, nil) }
            #expect(mine.count == model.count && mine.isEmpty == model.isEmpty)
            #expect(mine.values.sorted() == model.values.sorted() && mine.keys.sorted() == model.keys.sorted())
            #expect((0..<6000).allSatisfy { mine[$0] == model[$0] })
        }
        #expect(mine.isEmpty && isAlike)
    }

    @Test(arguments: [1000, 100_000]) func whatHasGoneTakesNoRoom(count: Int) {
        var table = DividedDictionary<Int, Int>()
        for key in 0..<count { table[key] = key }
        for key in 10..<count {
            if key.isMultiple(of: 2) { table[key] = nil } else { table.removeValue(forKey: key) }
        }
        #expect(table.count == 10 && (0..<10).allSatisfy { table[$0] == $0 })
        #expect(
            table.whole.capacity + table.parts.reduce(0) { $0 + $1.capacity } < 10_000 && table.whole.capacity < 200)
    }

    /// What is there all the time comes once, whatever comes and goes meanwhile.
    @Test(arguments: [0, 1000, 50_000]) func itIsGoneOverInParts(count: Int) {
        var (table, cursor, seen, most) = (DividedDictionary<Int, Int>(), PartCursor(), [Int](), 0)
        for key in 0..<count { table[key] = key }
        while let some = table.some(&cursor) {
            (seen, most) = (seen + some, max(most, some.count))
            for key in some where !key.isMultiple(of: 3) { table[key] = nil }
            for key in 0..<100 { table[-key - seen.count] = 0 }
        }
        #expect(seen.filter { $0 > 0 }.sorted() == Array((0..<count).dropFirst()) && most < max(2048, count / 32))
        #expect(table.some(&cursor) == nil)
        var left: [Int] = []
        let expected = table.values.sorted()
        while !table.isEmpty { left += table.popSome() }
        #expect(left.sorted() == expected && table.popSome().isEmpty && table.count == 0)
    }

    @Test func aLongArrayIsAnArray() {
        var array = DividedArray<Int>()
        for number in 0..<10_000 {
            #expect(array.count == number)
            array.append(number)
        }
        for place in [0, 4095, 4096, 8191, 8192, 9999] {
            array[place] += 1
            #expect(array[place] == place + 1)
        }
        #expect(array.parts.map(\.count) == [4096, 4096, 1808] && array[1] == 1 && array[4097] == 4097)
    }
}
