package io.scaibunker.oci;

/** What a registry is told to believe us. Prints without the secret. */
public sealed interface RegistryCredential {

    /** A user name and password, or a name and an access token used like a password. */
    record Password(String username, String password) implements RegistryCredential {
        @Override
        public String toString() {
            return "Password[username=" + username + ", password=***]";
        }
    }

    /** A token: shown to the registry as it is, and exchanged at its token service if it insists on that. */
    record Token(String token) implements RegistryCredential {
        public Token {
            if (!fitsAHeader(token)) {
                throw new SourceException(
                        SourceException.Reason.AUTH, "a registry token may hold visible ASCII characters only");
            }
        }

        static boolean fitsAHeader(String token) {
            return !token.isEmpty() && token.chars().allMatch(character -> character > ' ' && character < 127);
        }

        @Override
        public String toString() {
            return "Token[***]";
        }
    }
}
