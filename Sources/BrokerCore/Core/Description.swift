import DataStructures

/// Writes down all that is declared, a slice at a time, while clients go on declaring, binding and deleting. What they do has
/// its own records; what has gone by its turn is left out.
final class Description {
    private let journal: Journal
    /// The segment that it began in, and its octets so far.
    private var since: UInt32?
    private var count = 0
    /// What is left to do, the next last. Each takes some of the units, and returns whether there is more of it.
    private var parts: [(inout Int) -> Bool] = []
    /// Those that were made meanwhile. They are told again behind the older ones: a start restores the order of what
    /// it is told.
    private var newBindings = Ring<(binding: Binding<any Queue>, virtualHost: VirtualHost)>()

    /// So many records are written, or looked at, in a slice.
    static let slice = 500

    init(_ virtualHosts: [VirtualHost], to journal: Journal) {
        self.journal = journal
        for host in virtualHosts {
            parts.append { units in
                units -= 1
                if let definition = host.definition { journal.append(.virtualHostDefined(definition)) }
                return false
            }
        }
        for host in virtualHosts {
            var names: [String]? = host.policies.map(\.name)
            add({ names.take() }, by: { $0 }) { name in
                guard let policy = host.policies.first(where: { $0.name == name }) else { return }
                journal.append(.policySet(host.description(of: policy)))
            }
            var (exchanges, queues) = (PartCursor(), PartCursor())
            add({ host.exchanges.some(&exchanges)?.filter(\.isStored) }, by: \.name) { exchange in
                guard host.exchanges[exchange.name] === exchange else { return }
                journal.append(.exchangeDeclared(host.description(of: exchange)))
            }
            add(
                { host.queues.some(&queues)?.filter { $0.journal != nil } }, by: { $0.journal?.number ?? 0 }
            ) { hosted in
                guard let own = hosted.journal, !hosted.queue.isDeleted else { return }
                journal.append(.queueDeclared(host.description(of: hosted.queue, own)))
            }
            add(Self.bindings(of: host), by: \.order) { [unowned self] binding in write(binding, host) }
        }
        parts.append { [unowned self] units in
            while let (binding, host) = newBindings.first {
                if units <= 0 { return true }
                units -= 1
                _ = newBindings.popFirst()
                write(binding, host)
            }
            return false
        }
        parts.reverse()
    }

    /// Gives some of a virtual host's bindings that are kept; in the end nil.
    private static func bindings(of host: VirtualHost) -> () -> [Binding<any Queue>]? {
        var (exchanges, sources, bindings) = (PartCursor(), [Exchange<any Queue>](), PartCursor())
        return {
            if let some = sources.last?.bindings(&bindings) { return some.filter(\.isDurable) }
            bindings = PartCursor()
            if sources.popLast() != nil { return [] }
            guard let more = host.exchanges.some(&exchanges) else { return nil }
            sources = more.filter { $0.isStored || !quirk(.bindingsOfPredeclaredAreToldOnce) }
            return []
        }
    }

    /// A binding was made that will be there after a restart.
    func add(_ binding: Binding<any Queue>, in virtualHost: VirtualHost) { newBindings.append((binding, virtualHost)) }

    /// Writes the next slice. False: that was the last one.
    func writeSlice() -> Bool {
        var units = Self.slice
        let (segment, count) = journal.describe {
            while units > 0, let part = parts.last { if !part(&units) { parts.removeLast() } }
        }
        self.count += count
        let since = since ?? segment
        self.since = since
        if parts.isEmpty { journal.noteDescription(since: since, count: self.count) }
        return !parts.isEmpty
    }

    private func write(_ binding: Binding<any Queue>, _ host: VirtualHost) {
        guard binding.isAttached, let bound = host.description(of: binding) else { return }
        journal.append(.bound(bound))
    }

    private struct Entry<Thing, Key: Comparable>: HeapElement {
        var thing: Thing
        var key: Key

        func comes(before other: Entry) -> Bool { key < other.key }
    }

    /// Writes things, of which it is given some at a time and in the end nil, in the order of their keys. A heap can be filled and
    /// emptied in slices; sorting can't.
    private func add<Thing, Key: Comparable>(
        _ things: @escaping () -> [Thing]?, by key: @escaping (Thing) -> Key, write: @escaping (Thing) -> Void
    ) {
        var heap = Heap<Entry<Thing, Key>>()
        var unsorted: [Thing]? = []
        parts.append { units in
            while unsorted != nil {
                if units <= 0 { return true }
                units -= 1
                if let thing = unsorted?.popLast() {
                    heap.insert(Entry(thing: thing, key: key(thing)))
                } else {
                    unsorted = things()
                }
            }
            while !heap.isEmpty {
                if units <= 0 { return true }
                units -= 1
                if let entry = heap.popFirst() { write(entry.thing) }
            }
            return false
        }
    }
}

extension BrokerCore {
    /// Writes down all that is declared.
    func describe(to journal: Journal, atOnce: Bool) {
        let description = Description(virtualHosts.sorted { $0.key < $1.key }.map(\.value), to: journal)
        if atOnce {
            while description.writeSlice() {}
            return
        }
        self.description = description
        doInSlices { [unowned self] in
            // What the log has yet to hear of, in its order, is not left out before.
            if virtualHosts.values.contains(where: \.isLosingRows) || description.writeSlice() { return true }
            self.description = nil
            return false
        }
    }
}

extension Binding {
    /// False once it has been removed, or one of its ends has gone.
    var isAttached: Bool {
        !source.isRemoved && !destination.isRemoved
            && source.binding(to: destination, key: key, arguments: arguments) === self
    }
}
