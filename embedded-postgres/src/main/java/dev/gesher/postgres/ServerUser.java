package dev.gesher.postgres;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Who PostgreSQL's programs run as: they refuse root, for good reason. */
sealed interface ServerUser {

    /** The command that runs the given one as this user. */
    List<String> command(List<String> command);

    /** Hands a folder or file of root's over to this user. */
    default void own(Path path) throws IOException {}

    /** We are no root: the server runs as we do. */
    record Ourselves() implements ServerUser {
        @Override
        public List<String> command(List<String> command) {
            return command;
        }
    }

    /** We are root: the server runs as an unprivileged system user. */
    record SystemUser(String name, List<String> prefix) implements ServerUser {
        @Override
        public List<String> command(List<String> command) {
            return Stream.concat(prefix.stream(), command.stream()).toList();
        }

        @Override
        public void own(Path path) throws IOException {
            var view =
                    Files.getFileAttributeView(
                            path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            view.setOwner(
                    FileSystems.getDefault()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName(name));
        }
    }

    /**
     * We are root on a machine with neither setpriv nor runuser: a user namespace hides it from the
     * server. Outside of the namespace it is still root, so this is the last choice.
     */
    record UserNamespace(Path unshare) implements ServerUser {
        @Override
        public List<String> command(List<String> command) {
            return Stream.concat(Stream.of(unshare.toString(), "-U", "--"), command.stream())
                    .toList();
        }
    }

    /**
     * Chooses the user for a data folder.
     *
     * @param machine what there is to run programs as somebody else
     * @param owner who owns the server's files, empty when there are none yet
     */
    static ServerUser choose(Machine machine, Optional<String> owner) {
        if (!machine.root()) {
            return new Ourselves();
        }
        var unshare = machine.programs().apply("unshare").map(UserNamespace::new);
        if (owner.filter("root"::equals).isPresent()) {
            // made in a user namespace, and only readable there
            return unshare.orElseThrow(
                    () -> new EmbeddedPostgresException("The database's files belong to root."));
        }
        var name =
                owner.or(() ->
                        Stream.of("postgres", "nobody").filter(ServerUser::exists).findFirst());
        var setpriv = machine.programs().apply("setpriv");
        var runuser = machine.programs().apply("runuser");
        if (name.isPresent() && setpriv.isPresent()) {
            return new SystemUser(
                    name.get(),
                    List.of(
                            setpriv.get().toString(),
                            "--reuid=" + name.get(),
                            "--regid=" + primaryGroup(name.get()),
                            "--clear-groups",
                            "--inh-caps=-all",
                            "--no-new-privs",
                            "--"));
        }
        if (name.isPresent() && runuser.isPresent()) {
            return new SystemUser(
                    name.get(), List.of(runuser.get().toString(), "-u", name.get(), "--"));
        }
        return unshare.<ServerUser>map(user -> user)
                .orElseThrow(() ->
                        new EmbeddedPostgresException(
                                "PostgreSQL does not run as root, and neither setpriv nor runuser (util-linux)"
                                        + " is here to run it as another user: start Gesher as an ordinary user or"
                                        + " set DATABASE_URL."));
    }

    /** Who owns the file, by name. */
    static String ownerOf(Path path) throws IOException {
        return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .owner()
                .getName();
    }

    private static boolean exists(String user) {
        try {
            FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(user);
            return true;
        } catch (UserPrincipalNotFoundException e) {
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    /** Java can't ask for it; a user's own group is the fourth field of its line. */
    private static String primaryGroup(String user) {
        try (var lines = Files.lines(Path.of("/etc/passwd"))) {
            return lines.map(line -> line.split(":", -1))
                    .filter(fields -> fields.length > 3 && fields[0].equals(user))
                    .map(fields -> fields[3])
                    .findFirst()
                    .orElse("65534"); // nogroup: the user comes from a directory service
        } catch (IOException e) {
            return "65534";
        }
    }
}
