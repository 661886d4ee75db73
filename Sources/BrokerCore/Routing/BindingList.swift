import DataStructures

/// Bindings in the order they were added.
struct BindingList<Target> {
    private var list = IdentityList<Binding<Target>>()

    var count: Int { list.count }
    var isEmpty: Bool { list.isEmpty }
    var all: [Binding<Target>] { list.all }

    mutating func add(_ binding: Binding<Target>) { list.add(binding, ObjectIdentifier(binding)) }
    mutating func remove(_ binding: Binding<Target>) { list.remove(ObjectIdentifier(binding)) }
    mutating func popFirst() -> Binding<Target>? { list.popFirst() }

    func first(where matches: (Binding<Target>) -> Bool) -> Binding<Target>? { list.first(where: matches) }

    @inline(__always)
    func forEach(_ body: (Binding<Target>) -> Void) { list.forEach(body) }
}

/// The bindings that lead to one destination.
struct IncomingBindings<Target> {
    private var list = BindingList<Target>()
    /// Auto-delete exchanges, which go with their last binding, and how many of theirs are among them.
    private var sources = DividedDictionary<ObjectIdentifier, (exchange: Exchange<Target>, count: Int)>()

    var count: Int { list.count }
    var isEmpty: Bool { list.isEmpty }
    var autoDeleteSources: [(exchange: Exchange<Target>, count: Int)] { sources.values }

    mutating func add(_ binding: Binding<Target>) {
        list.add(binding)
        count(binding.source, 1)
    }

    mutating func remove(_ binding: Binding<Target>) {
        list.remove(binding)
        count(binding.source, -1)
    }

    /// Takes some out that are about to be removed at both their ends; nil: there are no more. Their sources count them till then.
    mutating func popSome() -> [Binding<Target>]? {
        var some: [Binding<Target>] = []
        while some.count < 100, let binding = list.popFirst() { some.append(binding) }
        return some.isEmpty ? nil : some
    }

    private mutating func count(_ source: Exchange<Target>, _ difference: Int) {
        guard source.declaration.autoDelete else { return }
        let count = (sources[ObjectIdentifier(source)]?.count ?? 0) + difference
        sources[ObjectIdentifier(source)] = count > 0 ? (source, count) : nil
    }
}
