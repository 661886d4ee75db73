/// Bindings in the order they were added.
struct BindingList<Target> {
    private var list = IdentityList<Binding<Target>>()

    var count: Int { list.count }
    var isEmpty: Bool { list.isEmpty }
    var all: [Binding<Target>] { list.all }

    mutating func add(_ binding: Binding<Target>) { list.add(binding, ObjectIdentifier(binding)) }
    mutating func remove(_ binding: Binding<Target>) { list.remove(ObjectIdentifier(binding)) }

    func first(where matches: (Binding<Target>) -> Bool) -> Binding<Target>? { list.first(where: matches) }

    @inline(__always)
    func forEach(_ body: (Binding<Target>) -> Void) { list.forEach(body) }
}
