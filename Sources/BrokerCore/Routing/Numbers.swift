import DataStructures

/// Numbers for things, from 1 on, as long as they are in use: so they can be told apart without a look at them.
struct Numbers<Thing: Hashable> {
    private var numbers = DividedDictionary<Thing, (number: Int32, uses: Int)>()
    private var free: [Int32] = []
    private var last: Int32 = 0

    /// nil: it is not in use.
    subscript(thing: Thing) -> Int32? { numbers[thing]?.number }

    /// It is in use once more.
    mutating func add(_ thing: Thing) -> Int32 {
        if let (number, uses) = numbers[thing] {
            numbers[thing] = (number, uses + 1)
            return number
        }
        let number = free.popLast() ?? last + 1
        last = max(last, number)
        numbers[thing] = (number, 1)
        return number
    }

    /// It is in use once less.
    mutating func remove(_ thing: Thing) {
        guard let (number, uses) = numbers[thing] else { return }
        numbers[thing] = uses > 1 ? (number, uses - 1) : nil
        if uses == 1 { free.append(number) }
        if numbers.isEmpty, free.count > 64 { self = Numbers() }
    }
}
