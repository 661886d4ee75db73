import AMQPWire
import DataStructures

/// Numbers for the words that patterns have, so that they can be told apart without a look at their octets.
struct WordNumbers {
    private var numbers = DividedDictionary<ShortString, (number: Int, uses: Int)>()
    private var last = 0

    /// The number of a word that no pattern has.
    static let unknown = 0
    /// The number of no word.
    static let none = -1

    subscript(word: ShortString) -> Int { numbers[word]?.number ?? Self.unknown }

    /// One more pattern has a word there.
    mutating func add(_ word: ShortString) -> Int {
        var (number, uses) = numbers[word] ?? (last + 1, 0)
        uses += 1
        last = max(last, number)
        numbers[word] = (number, uses)
        return number
    }

    /// One has it no longer.
    mutating func remove(_ word: ShortString) {
        guard let (number, uses) = numbers[word] else { return }
        numbers[word] = uses == 1 ? nil : (number, uses - 1)
    }
}
