/// Bindings in the order they were added; adding and removing one costs the same however many there are.
///
/// Most lists are short, and a short one is searched. A long one knows its bindings' places; what is removed leaves a
/// hole, and holes are closed up when they are the greater part.
struct BindingList<Target> {
    private var slots: [Binding<Target>?] = []
    private var places: [ObjectIdentifier: Int] = [:]
    private(set) var count = 0

    private static var mostSearched: Int { 16 }

    var isEmpty: Bool { count == 0 }

    mutating func add(_ binding: Binding<Target>) {
        slots.append(binding)
        count += 1
        if !places.isEmpty {
            places[ObjectIdentifier(binding)] = slots.count - 1
        } else if slots.count > Self.mostSearched {
            index()
        }
    }

    mutating func remove(_ binding: Binding<Target>) {
        if places.isEmpty {
            guard let place = slots.firstIndex(where: { $0 === binding }) else { return }
            slots.remove(at: place)
            count -= 1
        } else {
            guard let place = places.removeValue(forKey: ObjectIdentifier(binding)) else { return }
            slots[place] = nil
            count -= 1
            if count * 2 < slots.count { closeUp() }
        }
    }

    func first(where matches: (Binding<Target>) -> Bool) -> Binding<Target>? {
        for case let binding? in slots where matches(binding) { return binding }
        return nil
    }

    @inline(__always)
    func forEach(_ body: (Binding<Target>) -> Void) {
        for slot in slots { if let slot { body(slot) } }
    }

    var all: [Binding<Target>] { slots.compactMap { $0 } }

    private mutating func closeUp() {
        slots = slots.filter { $0 != nil }
        places = [:]
        if slots.count > Self.mostSearched { index() }
    }

    private mutating func index() {
        for (place, binding) in slots.enumerated() { if let binding { places[ObjectIdentifier(binding)] = place } }
    }
}
