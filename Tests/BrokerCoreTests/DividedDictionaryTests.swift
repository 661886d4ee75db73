import DataStructures
import TestSupport
import Testing

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
}
